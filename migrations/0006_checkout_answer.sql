-- What was left after an order, kept with its key: a repeat long afterwards is told what the first
-- answer told, not what is left by then. Null until the order is written.

alter table idempotency
    add column credit_minor bigint,
    add column currency char(3),
    add constraint idempotency_credit_whole check ((credit_minor is null) = (currency is null));
