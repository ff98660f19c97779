-- What is delivered is what was ordered: each Application holds what its files and its commit are made from, so that
-- neither a change of the catalog nor another name or address makes other files of the same order.

alter table application
    add column name text,
    add column blueprint_version text,
    add column ram_mb integer,
    add column cpu_milli integer,
    add column disk_gb integer,
    add column organization_name text,
    -- The plan's slug.
    add column plan text,
    -- The buyer's e-mail address.
    add column ordered_by text,
    -- Null: ordered before this was noted; the domain of the settings is meant.
    add column apps_domain text;

alter table application disable trigger application_updated;
update application set
    name = app.name,
    blueprint_version = app.blueprint_version,
    ram_mb = app.ram_mb,
    cpu_milli = app.cpu_milli,
    disk_gb = app.disk_gb,
    organization_name = organization.name,
    plan = plan.slug,
    ordered_by = account.email
from app, organization, customer_order, plan, account
where app.app_id = application.app_id
    and organization.organization_id = application.organization_id
    and customer_order.order_id = application.order_id
    and plan.plan_id = customer_order.plan_id
    and account.account_id = customer_order.account_id;
alter table application enable trigger application_updated;

alter table application
    alter column name set not null,
    alter column blueprint_version set not null,
    alter column ram_mb set not null,
    alter column cpu_milli set not null,
    alter column disk_gb set not null,
    alter column organization_name set not null,
    alter column plan set not null,
    alter column ordered_by set not null;

-- The program before this one names none of these columns. What it orders is noted as it is at that moment.
create function note_what_is_ordered() returns trigger language plpgsql as $$
begin
    select app.name, app.blueprint_version, app.ram_mb, app.cpu_milli, app.disk_gb
    into new.name, new.blueprint_version, new.ram_mb, new.cpu_milli, new.disk_gb
    from app where app.app_id = new.app_id;
    select organization.name into new.organization_name
    from organization where organization.organization_id = new.organization_id;
    select plan.slug, account.email into new.plan, new.ordered_by
    from customer_order join plan using (plan_id) join account using (account_id)
    where customer_order.order_id = new.order_id;
    return new;
end
$$;
create trigger application_as_ordered before insert on application
    for each row when (new.blueprint_version is null) execute function note_what_is_ordered();

-- A payment is returned once, and a return is taken back once: a `refund` is caused by the payment, a payment that
-- is made again (`retry`) by the refund.
alter table ledger_transaction drop constraint ledger_transaction_cause_known;
alter table ledger_transaction add constraint ledger_transaction_cause_known
    check (cause_kind in ('order', 'redemption', 'refund', 'retry', 'correction'));
