//! Words of: console.

messages!(Console {
});
