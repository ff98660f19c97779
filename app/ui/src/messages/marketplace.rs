//! Words of: marketplace.

messages!(Marketplace {});
