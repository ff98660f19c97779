-- Credit belongs to a billing account, not to a person: an Organization has one, and a person has one of their own
-- before they have any Organization. A person's new Organization is paid from the account that they have, so that
-- what they hold stays one sum.
--
-- From here to 0016 the shape of tables changes that the previous program writes. It is stopped before, and the next
-- one is started after: see "Upgrades" in docs/operations.md.

create table billing_account (
    billing_account_id uuid primary key,
    -- The person whose own it is; none: an Organization's alone.
    account_id uuid references account on delete restrict,
    created_at timestamptz not null default now(),
    constraint billing_account_account_key unique (account_id)
);
revoke delete on billing_account from catalyst_app;

-- Ids of different kinds never meet: a person's first billing account takes over their id.
insert into billing_account (billing_account_id, account_id, created_at)
select account_id, account_id, min(since)
from (select account_id, created_at as since from customer_order
      union all select account_id, created_at from ledger_account where account_id is not null
      union all select account_id, created_at from organization_member) buyer
group by account_id;

alter table organization add column billing_account_id uuid references billing_account on delete restrict;
-- Whoever ordered it first has paid for it so far.
update organization set billing_account_id = coalesce(
    (select account_id from customer_order
     where customer_order.organization_id = organization.organization_id order by created_at, order_id limit 1),
    (select account_id from organization_member
     where organization_member.organization_id = organization.organization_id
     order by role = 'owner' desc, created_at limit 1));
alter table organization alter column billing_account_id set not null;
create index organization_billing_account on organization (billing_account_id);

-- No row of the ledger's books changes: only whose account it is gets another name.
alter table ledger_account add column billing_account_id uuid references billing_account on delete restrict;
update ledger_account set billing_account_id = account_id where account_id is not null;
alter table ledger_account drop column account_id;
alter table ledger_account
    add constraint ledger_account_owner check ((kind = 'customer') = (billing_account_id is not null)),
    add constraint ledger_account_key unique nulls not distinct (kind, billing_account_id, currency);

alter table grant_lot add column billing_account_id uuid references billing_account on delete restrict;
update grant_lot set billing_account_id = account_id;
alter table grant_lot drop column account_id;
alter table grant_lot alter column billing_account_id set not null;
create index grant_lot_open on grant_lot (billing_account_id, currency, created_at) where remaining_minor > 0;
