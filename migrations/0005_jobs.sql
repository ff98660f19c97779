-- Work after the commit. An outbox event is born in the transaction of the fact it tells; the worker
-- turns it into jobs, each once (job_dedupe_key), and runs a job under a lease, not in a transaction.
-- Every write of a worker matches its lease_token: a worker that lost its lease changes nothing.

create table outbox_event (
    outbox_event_id uuid primary key,
    topic text not null,
    payload jsonb not null,
    created_at timestamptz not null default now(),
    dispatched_at timestamptz,
    constraint outbox_event_topic_length check (length(topic) <= 100)
);
create index outbox_event_waiting on outbox_event (created_at) where dispatched_at is null;

create table job (
    job_id uuid primary key,
    kind text not null,
    dedupe_key text not null,
    payload jsonb not null,
    state text not null default 'queued',
    attempts integer not null default 0,
    max_attempts integer not null default 20,
    run_after timestamptz not null default now(),
    lease_until timestamptz,
    lease_token uuid,
    last_error text,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    constraint job_dedupe_key unique (kind, dedupe_key),
    constraint job_state_known check (state in ('queued', 'running', 'done', 'failed')),
    constraint job_lease_while_running check ((state = 'running') = (lease_token is not null))
);
create index job_ready on job (run_after) where state in ('queued', 'running');

-- What happened to an Organization, for its live page: readers ask for what is after the last id they saw.
create table organization_event (
    organization_event_id bigint generated always as identity primary key,
    organization_id uuid not null references organization on delete cascade,
    kind text not null,
    payload jsonb not null,
    created_at timestamptz not null default now()
);
create index organization_event_stream on organization_event (organization_id, organization_event_id);

create function notify_topic() returns trigger language plpgsql as $$
begin
    perform pg_notify('catalyst', tg_argv[0]);
    return null;
end
$$;
create trigger job_wakes after insert on job for each statement execute function notify_topic('jobs');
create trigger outbox_wakes after insert on outbox_event for each statement execute function notify_topic('jobs');
create trigger organization_event_wakes after insert on organization_event for each statement execute function notify_topic('organizations');
