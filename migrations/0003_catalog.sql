-- What can be bought. Texts that people read are {"en": …, "ar": …}.
--
-- The seed states its version on each row. A change that leaves seed_version alone is a person's edit:
-- the trigger notes it in edited_at, and no later seed touches that row. Rows are retired, not deleted,
-- so that orders keep their references and the seed does not bring them back.

create function note_catalog_edit() returns trigger language plpgsql as $$
begin
    if new.seed_version = old.seed_version then
        new.edited_at = now();
    end if;
    new.updated_at = now();
    return new;
end
$$;

create table category (
    slug text primary key,
    name jsonb not null,
    position integer not null default 0,
    seed_version integer not null default 0,
    edited_at timestamptz,
    retired_at timestamptz,
    updated_at timestamptz not null default now()
);
create trigger category_edited before update on category for each row execute function note_catalog_edit();

create table plan (
    plan_id uuid primary key,
    slug text not null,
    name jsonb not null,
    description jsonb not null,
    price_minor bigint not null,
    currency char(3) not null,
    vcpu integer,
    memory_mb integer,
    disk_gb integer,
    bandwidth_gb integer,
    backup_retention_days integer,
    response_hours integer,
    support text not null,
    popular boolean not null default false,
    -- A plan without a price is sold only where somebody decided so: see plan_free_is_explicit.
    orderable boolean not null default true,
    free_of_charge boolean not null default false,
    position integer not null default 0,
    features jsonb not null default '[]',
    seed_version integer not null default 0,
    edited_at timestamptz,
    retired_at timestamptz,
    updated_at timestamptz not null default now(),
    constraint plan_slug_key unique (slug),
    constraint plan_price_not_negative check (price_minor >= 0),
    constraint plan_free_is_explicit check (price_minor > 0 or free_of_charge or not orderable),
    constraint plan_currency_form check (currency ~ '^[A-Z]{3}$')
);
create trigger plan_edited before update on plan for each row execute function note_catalog_edit();

create table app (
    app_id uuid primary key,
    slug text not null,
    name text not null,
    tagline jsonb not null,
    description jsonb not null,
    category text not null references category on delete restrict,
    kind text not null,
    license text not null default '',
    website text not null default '',
    deployable boolean not null default false,
    featured boolean not null default false,
    popular boolean not null default false,
    features jsonb not null default '[]',
    ram_mb integer not null,
    cpu_milli integer not null,
    disk_gb integer not null,
    minimum_plan text not null default 's',
    blueprint_version text not null default '1.0.0',
    seed_version integer not null default 0,
    edited_at timestamptz,
    retired_at timestamptz,
    updated_at timestamptz not null default now(),
    constraint app_slug_key unique (slug),
    constraint app_kind_known check (kind in ('application', 'service')),
    constraint app_needs_positive check (ram_mb > 0 and cpu_milli > 0 and disk_gb >= 0)
);
create trigger app_edited before update on app for each row execute function note_catalog_edit();

create table app_dependency (
    app_id uuid not null references app on delete cascade,
    depends_on uuid not null references app on delete restrict,
    primary key (app_id, depends_on),
    constraint app_dependency_not_self check (app_id <> depends_on)
);

create table addon (
    addon_id uuid primary key,
    slug text not null,
    name jsonb not null,
    description jsonb not null,
    price_minor bigint not null,
    currency char(3) not null,
    included boolean not null default false,
    category text not null default '',
    position integer not null default 0,
    seed_version integer not null default 0,
    edited_at timestamptz,
    retired_at timestamptz,
    updated_at timestamptz not null default now(),
    constraint addon_slug_key unique (slug),
    constraint addon_price_not_negative check (price_minor >= 0),
    constraint addon_currency_form check (currency ~ '^[A-Z]{3}$')
);
create trigger addon_edited before update on addon for each row execute function note_catalog_edit();

create table bundle (
    bundle_id uuid primary key,
    slug text not null,
    name jsonb not null,
    tagline jsonb not null,
    apps text[] not null,
    discount_percent integer not null,
    recommended_plan text not null,
    seed_version integer not null default 0,
    edited_at timestamptz,
    retired_at timestamptz,
    updated_at timestamptz not null default now(),
    constraint bundle_slug_key unique (slug),
    constraint bundle_discount_range check (discount_percent between 0 and 100)
);
create trigger bundle_edited before update on bundle for each row execute function note_catalog_edit();

create table industry (
    industry_id uuid primary key,
    slug text not null,
    name jsonb not null,
    description jsonb not null,
    suggested_apps text[] not null,
    bundle text not null,
    position integer not null default 0,
    seed_version integer not null default 0,
    edited_at timestamptz,
    retired_at timestamptz,
    updated_at timestamptz not null default now(),
    constraint industry_slug_key unique (slug)
);
create trigger industry_edited before update on industry for each row execute function note_catalog_edit();
