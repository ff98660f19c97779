-- People, their sessions, and the ways in.
-- No secret is stored: sessions, links, codes and API tokens are kept as keyed or plain SHA-256.

create table account (
    account_id uuid primary key,
    email text not null,
    display_name text not null default '',
    role text not null default 'customer',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint account_email_key unique (email),
    constraint account_email_form check (email = lower(email) and length(email) between 3 and 254),
    constraint account_display_name_length check (length(display_name) <= 100),
    constraint account_role_known check (role in ('superadmin', 'sovereign-admin', 'support', 'customer'))
);
create trigger account_updated before update on account for each row execute function set_updated_at();

create table session (
    session_hash bytea primary key,
    account_id uuid references account on delete cascade,
    data jsonb not null,
    created_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    expires_at timestamptz not null,
    constraint session_hash_length check (octet_length(session_hash) = 32)
);
create index session_account on session (account_id);
create index session_expiry on session (expires_at);

-- A request to sign in. The mail job mints token and code later and stores only their hashes, so a
-- job payload never holds a secret.
create table sign_in_link (
    sign_in_link_id uuid primary key,
    email text not null,
    browser_hash bytea not null,
    token_hash bytea,
    code_hash bytea,
    return_to text not null,
    locale text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    consumed_at timestamptz,
    constraint sign_in_link_token_key unique (token_hash),
    constraint sign_in_link_email_form check (email = lower(email) and length(email) between 3 and 254),
    constraint sign_in_link_return_is_local check (return_to like '/%' and return_to not like '//%' and length(return_to) <= 500)
);
create index sign_in_link_email on sign_in_link (email, created_at);

create table api_token (
    api_token_id uuid primary key,
    account_id uuid not null references account on delete cascade,
    token_hash bytea not null,
    scopes text[] not null default '{}',
    created_at timestamptz not null default now(),
    used_at timestamptz,
    revoked_at timestamptz,
    constraint api_token_hash_key unique (token_hash),
    constraint api_token_hash_length check (octet_length(token_hash) = 32)
);

-- Counters for limits, one row a subject and window; the increment and the answer are one statement.
create table rate_limit (
    subject text not null,
    window_start timestamptz not null,
    used integer not null,
    primary key (subject, window_start),
    constraint rate_limit_subject_length check (length(subject) <= 400)
);
create index rate_limit_window on rate_limit (window_start);

create table audit_event (
    audit_event_id uuid primary key,
    actor_id uuid references account on delete set null,
    action text not null,
    subject text not null,
    detail jsonb not null default '{}',
    created_at timestamptz not null default now(),
    constraint audit_event_action_length check (length(action) <= 100),
    constraint audit_event_subject_length check (length(subject) <= 300)
);
revoke update, delete on audit_event from catalyst_app;
