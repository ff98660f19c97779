//! Words of: checkout.

messages!(Checkout {});
