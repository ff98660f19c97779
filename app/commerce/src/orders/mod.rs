//! An order after it was placed.
//! The other half: `app/domain/src/orders`. Tables: customer_order, order_line.
//! End to end: `end2end/tests/journey.spec.ts`.

mod placed;

pub use placed::OrderPage;
