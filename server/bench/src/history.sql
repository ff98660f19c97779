-- An installation that has run for a year: as many customers as are asked for, each with a voucher of their own, an
-- order that it paid for, and all that came of it. One of a thousand Organizations belongs to the same reseller.

create schema if not exists bench;

-- The id of the n-th row of a kind: ids rise with time, as the program's do.
create function bench.id(kind integer, n bigint) returns uuid immutable language sql
    return ('0190' || lpad(to_hex(kind), 4, '0') || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid;

create procedure bench.add_history(first bigint, last bigint) language plpgsql as $$
declare
    plan_row plan;
    app_row app;
    year_ago timestamptz := now() - interval '1 year';
    reseller uuid;
begin
    select account_id into strict reseller from account where email = 'reseller@example.om';
    select * into strict plan_row from plan where slug = 's';
    select * into strict app_row from app where slug = 'wordpress';
    -- What is written here is right by its making, and needs no check of each row.
    set local session_replication_role = replica;

    insert into ledger_account (ledger_account_id, kind, billing_account_id, currency)
        values (bench.id(1, 1), 'promotion', null, 'OMR'), (bench.id(1, 2), 'sale', null, 'OMR')
        on conflict do nothing;
    create temporary table old on commit drop as
        select n, case when n % 1000 = 0 then 0 else n end as owner,
            case when n % 1000 = 0 then reseller else bench.id(2, n) end as owner_id,
            year_ago + interval '1 year' * n / last as at
        from generate_series(first, last) as n;
    insert into account (account_id, email, created_at)
        select owner_id, 'old' || owner || '@example.om', at from old where owner <> 0;
    insert into billing_account (billing_account_id, account_id, created_at)
        select bench.id(3, owner), owner_id, at from old on conflict do nothing;
    insert into ledger_account (ledger_account_id, kind, billing_account_id, currency, created_at)
        select bench.id(4, owner), 'customer', bench.id(3, owner), 'OMR', at from old on conflict do nothing;
    insert into promo_code (promo_code_id, code, credit_minor, currency, active, max_redemptions, times_redeemed,
        created_at)
        select bench.id(5, n), 'OLD' || n, 20000, 'OMR', true, 1, 1, at from old;
    insert into organization (organization_id, slug, name, state, plan_id, billing_account_id, created_at)
        select bench.id(6, n), 'old' || n, 'Old ' || n, 'active', plan_row.plan_id, bench.id(3, owner), at from old;
    insert into organization_member (organization_id, account_id, role, created_at)
        select bench.id(6, n), owner_id, 'owner', at from old;
    insert into customer_order (order_id, account_id, organization_id, plan_id, total_minor, currency, state, paid_by,
        promo_code_id, created_at)
        select bench.id(7, n), owner_id, bench.id(6, n), plan_row.plan_id, plan_row.price_minor, 'OMR',
            'completed', 'credit', bench.id(5, n), at
        from old;
    insert into order_line (order_id, position, kind, slug, name, amount_minor, currency)
        select bench.id(7, n), 0, 'plan', plan_row.slug, plan_row.name, plan_row.price_minor, 'OMR' from old
        union all
        select bench.id(7, n), 1, 'app', app_row.slug, jsonb_build_object('en', app_row.name), 0, 'OMR' from old;
    insert into ledger_transaction (ledger_transaction_id, kind, reason, cause_kind, cause_id, order_id, created_at)
        select bench.id(8, n), 'grant', 'promo:OLD' || n, 'redemption', bench.id(10, n), bench.id(7, n), at from old
        union all
        select bench.id(9, n), 'spend', 'order-payment', 'order', bench.id(7, n), bench.id(7, n), at from old;
    insert into promo_redemption (promo_redemption_id, promo_code_id, account_id, order_id, ledger_transaction_id,
        credit_minor, currency, created_at)
        select bench.id(10, n), bench.id(5, n), owner_id, bench.id(7, n), bench.id(8, n), 20000, 'OMR', at
        from old;
    insert into ledger_entry (ledger_entry_id, ledger_transaction_id, ledger_account_id, amount_minor, currency,
        created_at)
        select bench.id(11, n), bench.id(8, n), bench.id(4, owner), 20000, 'OMR', at from old
        union all
        select bench.id(12, n), bench.id(8, n), bench.id(1, 1), -20000, 'OMR', at from old
        union all
        select bench.id(13, n), bench.id(9, n), bench.id(4, owner), -plan_row.price_minor, 'OMR', at from old
        union all
        select bench.id(14, n), bench.id(9, n), bench.id(1, 2), plan_row.price_minor, 'OMR', at from old;
    insert into grant_lot (grant_lot_id, billing_account_id, ledger_entry_id, amount_minor, remaining_minor, currency,
        created_at)
        select bench.id(15, n), bench.id(3, owner), bench.id(11, n), 20000, 20000 - plan_row.price_minor, 'OMR', at
        from old;
    insert into grant_draw (ledger_entry_id, grant_lot_id, amount_minor, created_at)
        select bench.id(13, n), bench.id(15, n), plan_row.price_minor, at from old;
    insert into subscription (subscription_id, organization_id, order_id, plan_id, period_start, period_end, created_at)
        select bench.id(16, n), bench.id(6, n), bench.id(7, n), plan_row.plan_id, at, at + interval '1 month', at
        from old;
    insert into subscription_line (subscription_id, position, kind, slug, name, amount_minor, currency)
        select bench.id(16, n), 0, 'plan', plan_row.slug, plan_row.name, plan_row.price_minor, 'OMR' from old
        union all
        select bench.id(16, n), 1, 'app', app_row.slug, jsonb_build_object('en', app_row.name), 0, 'OMR' from old;
    insert into application (application_id, organization_id, order_id, app_id, slug, state, commit_id, created_at,
        repository_provider, repository_owner, repository_name, name, blueprint_version, ram_mb, cpu_milli, disk_gb,
        organization_name, plan, ordered_by, apps_domain)
        select bench.id(17, n), bench.id(6, n), bench.id(7, n), app_row.app_id, app_row.slug, 'committed',
            lpad(to_hex(n), 40, '0'), at, 'local', 'old' || n, app_row.slug, app_row.name, app_row.blueprint_version,
            app_row.ram_mb, app_row.cpu_milli, app_row.disk_gb, 'Old ' || n, plan_row.slug,
            'old' || owner || '@example.om', 'apps.example.om'
        from old;
    insert into idempotency (account_id, operation, key, request_hash, result, created_at)
        select owner_id, 'order.place', 'old' || n, sha256('old'), jsonb_build_object('order_id',
            bench.id(7, n), 'organization_id', bench.id(6, n), 'credit_minor', 0, 'currency', 'OMR'), at
        from old;
    insert into outbox_event (outbox_event_id, topic, payload, request_id, created_at, dispatched_at,
        publication_queued_at)
        select bench.id(18, n), 'order.placed', jsonb_build_object('topic', 'order_placed', 'order_id',
            bench.id(7, n)), bench.id(19, n), at, at, at
        from old;
    insert into job (job_id, kind, dedupe_key, payload, state, attempts, created_at, finished_at)
        select bench.id(20, n), 'deliver_order', 'order:' || n, jsonb_build_object('order_id', bench.id(7, n)), 'done',
            1, at, at
        from old;
    insert into event (subject_kind, subject_id, kind, payload, created_at)
        select 'organization', bench.id(6, n), 'organization', '{"state": "active"}', at from old;
    insert into session (session_hash, account_id, data, created_at, seen_at, expires_at, signed_in_at)
        select sha256(convert_to('old' || n, 'UTF8')), owner_id, '{}', at, at, now() + interval '1 month', at
        from old;
    insert into audit_event (audit_event_id, actor_id, action, subject, detail, created_at, via)
        select bench.id(21, n), reseller, 'voucher.issue', 'OLD' || n, '{}', at, 'session' from old;
end
$$;
