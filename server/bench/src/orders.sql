-- What an order writes, in one call, so that the database's own speed is known. In a schema that only the benchmark has.

create schema bench;
create sequence bench.number;

-- Customers with a token each, and a voucher for each of them.
create table bench.customer (number bigint primary key, account_id uuid not null);

create procedure bench.add_customers(first bigint, last bigint) language plpgsql as $$
begin
    insert into bench.customer select n, gen_random_uuid() from generate_series(first, last) as n;
    insert into account (account_id, email)
        select account_id, 'c' || number || '@example.om' from bench.customer where number between first and last;
    insert into api_token (api_token_id, account_id, token_hash)
        select gen_random_uuid(), account_id, sha256(convert_to('cat_bench' || number, 'UTF8'))
        from bench.customer where number between first and last;
    insert into promo_code (promo_code_id, code, credit_minor, currency, active, max_redemptions)
        select gen_random_uuid(), 'ONE' || n, 20000, 'OMR', true, 1 from generate_series(first, last) as n;
end
$$;

create function bench.place(hot boolean) returns void language plpgsql as $$
declare
    -- Odd numbers are this function's, even ones are asked for over HTTP.
    customer_number bigint := 2 * nextval('bench.number') - 1;
    code_wanted text := case when hot then 'HOT' else 'ONE' || customer_number end;
    customer uuid;
    promo uuid;
    price bigint;
    plan_row record;
    app_row record;
    payer uuid := gen_random_uuid();
    organization uuid := gen_random_uuid();
    placed uuid := gen_random_uuid();
    redemption uuid := gen_random_uuid();
    granted uuid := gen_random_uuid();
    spent uuid := gen_random_uuid();
    grant_entry uuid := gen_random_uuid();
    spend_entry uuid := gen_random_uuid();
    lot uuid := gen_random_uuid();
    begun uuid := gen_random_uuid();
    own uuid := gen_random_uuid();
    promotion uuid;
    sale uuid;
begin
    select account_id into strict customer from bench.customer where number = customer_number;
    select plan_id, slug, name, price_minor into strict plan_row from plan where slug = 's';
    select * into strict app_row from app where slug = 'wordpress';
    price := plan_row.price_minor;
    select ledger_account_id into strict promotion from ledger_account where kind = 'promotion' and currency = 'OMR';
    select ledger_account_id into strict sale from ledger_account where kind = 'sale' and currency = 'OMR';
    select promo_code_id into strict promo from promo_code where code = code_wanted;

    insert into billing_account (billing_account_id, account_id) values (payer, customer);
    insert into organization (organization_id, slug, name, state, plan_id, billing_account_id)
        values (organization, 'bench' || customer_number, 'Bench', 'provisioning', plan_row.plan_id, payer);
    insert into organization_member (organization_id, account_id, role) values (organization, customer, 'owner');
    insert into idempotency (account_id, operation, key, request_hash, result)
        values (customer, 'order.place', 'bench', sha256('bench'), jsonb_build_object('order_id', placed,
            'organization_id', organization, 'credit_minor', 20000 - price, 'currency', 'OMR'));
    insert into customer_order (order_id, account_id, organization_id, plan_id, total_minor, currency, state, paid_by,
        promo_code_id)
        values (placed, customer, organization, plan_row.plan_id, price, 'OMR', 'completed', 'credit', promo);
    insert into order_line (order_id, position, kind, slug, name, amount_minor, currency)
        values (placed, 0, 'plan', plan_row.slug, plan_row.name, plan_row.price_minor, 'OMR'),
               (placed, 1, 'app', app_row.slug, jsonb_build_object('en', app_row.name), 0, 'OMR');
    insert into ledger_account (ledger_account_id, kind, billing_account_id, currency)
        values (own, 'customer', payer, 'OMR');
    insert into ledger_transaction (ledger_transaction_id, kind, reason, cause_kind, cause_id, order_id)
        values (granted, 'grant', 'promo:' || code_wanted, 'redemption', redemption, placed),
               (spent, 'spend', 'order-payment', 'order', placed, placed);
    insert into ledger_entry (ledger_entry_id, ledger_transaction_id, ledger_account_id, amount_minor, currency)
        values (grant_entry, granted, own, 20000, 'OMR'), (gen_random_uuid(), granted, promotion, -20000, 'OMR'),
               (spend_entry, spent, own, -price, 'OMR'), (gen_random_uuid(), spent, sale, price, 'OMR');
    insert into grant_lot (grant_lot_id, billing_account_id, ledger_entry_id, amount_minor, remaining_minor, currency)
        values (lot, payer, grant_entry, 20000, 20000 - price, 'OMR');
    insert into grant_draw (ledger_entry_id, grant_lot_id, amount_minor) values (spend_entry, lot, price);
    insert into subscription (subscription_id, organization_id, order_id, plan_id, period_start, period_end)
        values (begun, organization, placed, plan_row.plan_id, now(), now() + interval '1 month');
    insert into subscription_line (subscription_id, position, kind, slug, name, amount_minor, currency)
        select begun, position, kind, slug, name, amount_minor, currency from order_line where order_id = placed;
    insert into application (application_id, organization_id, order_id, app_id, slug, name, blueprint_version, ram_mb,
        cpu_milli, disk_gb, organization_name, plan, ordered_by, apps_domain)
        values (gen_random_uuid(), organization, placed, app_row.app_id, app_row.slug, app_row.name,
            app_row.blueprint_version, app_row.ram_mb, app_row.cpu_milli, app_row.disk_gb, 'Bench', plan_row.slug,
            'c' || customer_number || '@example.om', 'apps.example.om');
    insert into outbox_event (outbox_event_id, topic, payload, request_id)
        values (gen_random_uuid(), 'order.placed',
            jsonb_build_object('topic', 'order_placed', 'order_id', placed), gen_random_uuid());
    update promo_code set times_redeemed = times_redeemed + 1
        where promo_code_id = promo and (max_redemptions = 0 or times_redeemed < max_redemptions);
    insert into promo_redemption (promo_redemption_id, promo_code_id, account_id, order_id, ledger_transaction_id,
        credit_minor, currency)
        values (redemption, promo, customer, placed, granted, 20000, 'OMR');
end
$$;

-- How many rows each table has, to compare what the two sides write.
create function bench.rows() returns jsonb language plpgsql as $$
declare
    counted bigint;
    all_counted jsonb := '{}';
    one text;
begin
    for one in select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
            and relname not in ('rate_limit', 'account', 'api_token', 'promo_code', 'event') loop
        execute format('select count(*) from %I', one) into counted;
        all_counted := all_counted || jsonb_build_object(one, counted);
    end loop;
    return all_counted;
end
$$;
