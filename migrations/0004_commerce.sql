-- Carts, Organizations, orders, vouchers and the ledger.
-- Amounts are integers in the currency's minor unit (OMR: baisa, 1/1000), always beside their currency.

create table cart (
    cart_id uuid primary key,
    plan text,
    apps text[] not null default '{}',
    addons text[] not null default '{}',
    voucher_code text,
    organization_name text not null default '',
    organization_slug text not null default '',
    -- Sent with the order, so that a second click or a retry finds the first order.
    checkout_key uuid not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint cart_apps_limit check (cardinality(apps) <= 50),
    constraint cart_addons_limit check (cardinality(addons) <= 50)
);
create trigger cart_updated before update on cart for each row execute function set_updated_at();
create index cart_age on cart (updated_at);

create table organization (
    organization_id uuid primary key,
    slug text not null,
    name text not null,
    state text not null,
    plan_id uuid not null references plan on delete restrict,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint organization_slug_key unique (slug),
    constraint organization_slug_form check (slug ~ '^[a-z][a-z0-9]*(-[a-z0-9]+)*$' and length(slug) between 3 and 31),
    constraint organization_name_length check (length(name) between 1 and 80),
    constraint organization_state_known check (state in ('provisioning', 'active', 'failed', 'suspended', 'deleting', 'deleted'))
);
create trigger organization_updated before update on organization for each row execute function set_updated_at();

create table organization_member (
    organization_id uuid not null references organization on delete cascade,
    account_id uuid not null references account on delete cascade,
    role text not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, account_id),
    constraint organization_member_role_known check (role in ('owner', 'admin', 'member', 'viewer'))
);
create index organization_member_account on organization_member (account_id);

create table promo_code (
    promo_code_id uuid primary key,
    code text not null,
    credit_minor bigint not null,
    currency char(3) not null,
    description text not null default '',
    active boolean not null default true,
    -- 0: no limit.
    max_redemptions integer not null default 0,
    times_redeemed integer not null default 0,
    created_by uuid references account on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint promo_code_key unique (code),
    constraint promo_code_form check (code ~ '^[A-Z0-9](-?[A-Z0-9])*$' and length(code) between 3 and 40),
    constraint promo_code_credit_positive check (credit_minor > 0),
    constraint promo_code_currency_form check (currency ~ '^[A-Z]{3}$'),
    constraint promo_code_description_length check (length(description) <= 200),
    constraint promo_code_cap check (max_redemptions >= 0 and times_redeemed >= 0
        and (max_redemptions = 0 or times_redeemed <= max_redemptions))
);
create trigger promo_code_updated before update on promo_code for each row execute function set_updated_at();

create table customer_order (
    order_id uuid primary key,
    account_id uuid not null references account on delete restrict,
    organization_id uuid not null references organization on delete restrict,
    plan_id uuid not null references plan on delete restrict,
    total_minor bigint not null,
    currency char(3) not null,
    state text not null,
    paid_by text not null,
    promo_code_id uuid references promo_code on delete restrict,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint customer_order_total_not_negative check (total_minor >= 0),
    constraint customer_order_currency_form check (currency ~ '^[A-Z]{3}$'),
    constraint customer_order_state_known check (state in ('pending', 'completed', 'failed', 'cancelled', 'refunded')),
    constraint customer_order_paid_by_known check (paid_by in ('credit', 'card'))
);
create trigger customer_order_updated before update on customer_order for each row execute function set_updated_at();
create index customer_order_account on customer_order (account_id, created_at desc);
create index customer_order_newest on customer_order (created_at desc);

-- What was bought, as it was named and priced at that moment.
create table order_line (
    order_id uuid not null references customer_order on delete cascade,
    position integer not null,
    kind text not null,
    slug text not null,
    name jsonb not null,
    amount_minor bigint not null,
    currency char(3) not null,
    primary key (order_id, position),
    constraint order_line_kind_known check (kind in ('plan', 'app', 'addon', 'discount'))
);

create table subscription (
    subscription_id uuid primary key,
    organization_id uuid not null references organization on delete restrict,
    order_id uuid not null references customer_order on delete restrict,
    plan_id uuid not null references plan on delete restrict,
    state text not null default 'active',
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    constraint subscription_state_known check (state in ('active', 'ended')),
    constraint subscription_order_key unique (order_id)
);
create unique index subscription_one_active on subscription (organization_id) where state = 'active';

create table application (
    application_id uuid primary key,
    organization_id uuid not null references organization on delete restrict,
    app_id uuid not null references app on delete restrict,
    order_id uuid not null references customer_order on delete restrict,
    slug text not null,
    state text not null default 'queued',
    repository text,
    commit_id text,
    problem text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint application_once unique (organization_id, slug),
    constraint application_state_known check (state in ('queued', 'delivering', 'committed', 'failed')),
    constraint application_committed_has_commit check (state <> 'committed' or (repository is not null and commit_id is not null))
);
create trigger application_updated before update on application for each row execute function set_updated_at();

-- Double entry. A customer's account is positive while the customer has credit; the other side is the
-- promotion that granted it or the sale that took it.
create table ledger_account (
    ledger_account_id uuid primary key,
    kind text not null,
    account_id uuid references account on delete restrict,
    currency char(3) not null,
    created_at timestamptz not null default now(),
    constraint ledger_account_kind_known check (kind in ('customer', 'promotion', 'sale')),
    constraint ledger_account_owner check ((kind = 'customer') = (account_id is not null)),
    constraint ledger_account_key unique nulls not distinct (kind, account_id, currency)
);

create table ledger_transaction (
    ledger_transaction_id uuid primary key,
    kind text not null,
    reason text not null,
    -- Deferred: a voucher is redeemed, and its credit granted, before the order is written that names it.
    order_id uuid references customer_order on delete restrict deferrable initially deferred,
    created_at timestamptz not null default now(),
    constraint ledger_transaction_kind_known check (kind in ('grant', 'spend', 'refund', 'correction')),
    constraint ledger_transaction_once unique (order_id, kind)
);

create table ledger_entry (
    ledger_entry_id uuid primary key,
    ledger_transaction_id uuid not null references ledger_transaction on delete restrict,
    ledger_account_id uuid not null references ledger_account on delete restrict,
    amount_minor bigint not null,
    currency char(3) not null,
    created_at timestamptz not null default now(),
    constraint ledger_entry_not_zero check (amount_minor <> 0)
);
create index ledger_entry_transaction on ledger_entry (ledger_transaction_id);
create index ledger_entry_account on ledger_entry (ledger_account_id, created_at desc);

-- Each transaction sums to zero in each currency, whoever writes it. Checked at commit.
create function check_ledger_balance() returns trigger language plpgsql as $$
begin
    if not exists (select from ledger_entry where ledger_transaction_id = new.ledger_transaction_id) then
        raise exception 'ledger transaction % has no entries', new.ledger_transaction_id
            using errcode = 'check_violation', constraint = 'ledger_sums_to_zero';
    end if;
    if exists (
        select from ledger_entry where ledger_transaction_id = new.ledger_transaction_id
        group by currency having sum(amount_minor) <> 0
    ) then
        raise exception 'ledger transaction % does not sum to zero', new.ledger_transaction_id
            using errcode = 'check_violation', constraint = 'ledger_sums_to_zero';
    end if;
    return null;
end
$$;
create constraint trigger ledger_transaction_balanced after insert on ledger_transaction
    deferrable initially deferred for each row execute function check_ledger_balance();
create constraint trigger ledger_entry_balanced after insert on ledger_entry
    deferrable initially deferred for each row execute function check_ledger_balance();

-- An entry is in its account's currency.
create function check_ledger_entry_currency() returns trigger language plpgsql as $$
begin
    if new.currency <> (select currency from ledger_account where ledger_account_id = new.ledger_account_id) then
        raise exception 'entry is not in the currency of its account'
            using errcode = 'check_violation', constraint = 'ledger_entry_currency';
    end if;
    return new;
end
$$;
create trigger ledger_entry_currency before insert on ledger_entry
    for each row execute function check_ledger_entry_currency();

-- Granted credit, drawn down oldest first. `remaining_minor` cannot go below zero, so no order of
-- concurrent spends can take more than was granted.
create table grant_lot (
    grant_lot_id uuid primary key,
    account_id uuid not null references account on delete restrict,
    ledger_entry_id uuid not null references ledger_entry on delete restrict,
    amount_minor bigint not null,
    remaining_minor bigint not null,
    currency char(3) not null,
    created_at timestamptz not null default now(),
    constraint grant_lot_entry_key unique (ledger_entry_id),
    constraint grant_lot_remaining check (amount_minor > 0 and remaining_minor between 0 and amount_minor)
);
create index grant_lot_open on grant_lot (account_id, currency, created_at) where remaining_minor > 0;

-- Which grant paid for which spend.
create table grant_draw (
    ledger_entry_id uuid not null references ledger_entry on delete restrict,
    grant_lot_id uuid not null references grant_lot on delete restrict,
    amount_minor bigint not null,
    created_at timestamptz not null default now(),
    primary key (ledger_entry_id, grant_lot_id),
    constraint grant_draw_positive check (amount_minor > 0)
);

create table promo_redemption (
    promo_redemption_id uuid primary key,
    promo_code_id uuid not null references promo_code on delete restrict,
    account_id uuid not null references account on delete restrict,
    order_id uuid not null references customer_order on delete restrict deferrable initially deferred,
    ledger_transaction_id uuid not null references ledger_transaction on delete restrict deferrable initially deferred,
    credit_minor bigint not null,
    currency char(3) not null,
    created_at timestamptz not null default now(),
    constraint promo_redemption_once unique (promo_code_id, account_id)
);
create index promo_redemption_newest on promo_redemption (promo_code_id, created_at desc);

-- Append-only, for the application and for a slip of the owner's hand alike.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;
create trigger ledger_transaction_append_only before update or delete on ledger_transaction
    for each row execute function refuse_change();
create trigger ledger_entry_append_only before update or delete on ledger_entry
    for each row execute function refuse_change();
create trigger grant_draw_append_only before update or delete on grant_draw
    for each row execute function refuse_change();
revoke update, delete on ledger_account, ledger_transaction, ledger_entry, grant_draw, promo_redemption from catalyst_app;
revoke delete on grant_lot, customer_order, order_line, promo_code from catalyst_app;

-- The first answer to a keyed request, for whoever repeats it.
create table idempotency (
    account_id uuid not null references account on delete cascade,
    key text not null,
    request_hash bytea not null,
    order_id uuid references customer_order on delete cascade deferrable initially deferred,
    -- What was left after the order: a repeat long afterwards is told what the first answer told.
    credit_minor bigint,
    currency char(3),
    created_at timestamptz not null default now(),
    primary key (account_id, key),
    constraint idempotency_key_length check (length(key) between 1 and 255),
    constraint idempotency_credit_whole check ((credit_minor is null) = (currency is null))
);
