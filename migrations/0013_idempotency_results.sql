-- A key is good for one operation of one person, and holds what the first request was answered, whatever it was.

alter table idempotency add column operation text not null default 'order.place', add column result jsonb;
update idempotency set result = jsonb_build_object('order_id', idempotency.order_id, 'organization_id', organization_id,
    'credit_minor', credit_minor, 'currency', idempotency.currency)
from customer_order where customer_order.order_id = idempotency.order_id and credit_minor is not null;
alter table idempotency alter column operation drop default;
alter table idempotency drop constraint idempotency_pkey, drop constraint idempotency_credit_whole;
alter table idempotency drop column order_id, drop column credit_minor, drop column currency;
alter table idempotency
    add primary key (account_id, operation, key),
    add constraint idempotency_operation_length check (length(operation) between 1 and 100);
