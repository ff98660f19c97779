-- A ledger transaction is booked once for what caused it: an order's payment, a redemption, later a refund. One
-- order may so have several grants and several refunds. `order_id` stays, for whoever reads the books by order.

alter table ledger_transaction add column cause_kind text, add column cause_id uuid;

-- The books do not change: each row is told what its cause has been.
alter table ledger_transaction disable trigger ledger_transaction_append_only;
update ledger_transaction set cause_kind = 'redemption', cause_id = promo_redemption_id
from promo_redemption where promo_redemption.ledger_transaction_id = ledger_transaction.ledger_transaction_id;
update ledger_transaction set cause_kind = 'order', cause_id = order_id
where cause_id is null and order_id is not null;
update ledger_transaction set cause_kind = 'correction', cause_id = ledger_transaction_id where cause_id is null;
alter table ledger_transaction enable trigger ledger_transaction_append_only;

alter table ledger_transaction alter column cause_kind set not null, alter column cause_id set not null;
alter table ledger_transaction drop constraint ledger_transaction_once;
alter table ledger_transaction
    add constraint ledger_transaction_once unique (cause_kind, cause_id),
    add constraint ledger_transaction_cause_known check (cause_kind in ('order', 'redemption', 'refund', 'correction'));
create index ledger_transaction_order on ledger_transaction (order_id);
