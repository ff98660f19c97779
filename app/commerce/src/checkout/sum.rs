//! What an order comes to once credit and voucher are taken off.

use domain::money::Money;

/// Credit is used before the voucher's, as the ledger draws on the oldest lots first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    pub total: Money,
    pub from_credit: Money,
    pub from_voucher: Money,
    pub due: Money,
    /// What is left of both.
    pub left: Money,
}

impl Sum {
    /// A voucher in another currency counts for nothing; the order itself refuses it.
    pub fn of(total: Money, credit: Money, voucher: Option<Money>) -> Self {
        let money = |minor| Money::from_minor(minor, total.currency());
        let voucher =
            voucher.filter(|worth| worth.currency() == total.currency()).map_or(0, |worth| worth.minor());
        let from_credit = total.minor().min(credit.minor()).max(0);
        let from_voucher = (total.minor() - from_credit).min(voucher).max(0);
        Self {
            total,
            from_credit: money(from_credit),
            from_voucher: money(from_voucher),
            due: money(total.minor() - from_credit - from_voucher),
            left: money(credit.minor() + voucher - from_credit - from_voucher),
        }
    }

    pub const fn covered(&self) -> bool {
        !self.due.is_positive()
    }
}

#[cfg(test)]
mod tests {
    use domain::money::Currency;

    use super::*;

    #[test]
    fn credit_comes_first_and_what_neither_covers_is_due() {
        let omr = |minor| Money::from_minor(minor, Currency::OMR);
        let sum = Sum::of(omr(12_000), omr(5_000), Some(omr(50_000)));
        assert_eq!((sum.from_credit, sum.from_voucher), (omr(5_000), omr(7_000)));
        assert_eq!((sum.due, sum.left), (omr(0), omr(43_000)));
        let sum = Sum::of(omr(12_000), omr(5_000), None);
        assert_eq!((sum.due, sum.left, sum.covered()), (omr(7_000), omr(0), false));
    }
}
