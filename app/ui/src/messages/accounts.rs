//! Words of: accounts.

messages!(Accounts {
});
