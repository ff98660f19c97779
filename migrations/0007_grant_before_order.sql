-- Within its transaction a voucher is redeemed, and its credit granted, before the order is written
-- that names it. Whether they fit together is checked at the commit, as it is for the redemption.

alter table ledger_transaction
    alter constraint ledger_transaction_order_id_fkey deferrable initially deferred;
