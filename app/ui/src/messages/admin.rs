//! Words of: admin.

messages!(Admin {
});
