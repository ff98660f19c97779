-- Whether an event is told to the outside is kept with the event: a worker that tells nobody leaves it for one that does.
alter table outbox_event add publication_queued_at timestamptz;
update outbox_event set publication_queued_at = dispatched_at where dispatched_at is not null;
create index outbox_event_unpublished on outbox_event (created_at)
    where dispatched_at is not null and publication_queued_at is null;

-- What is over is deleted in small steps, the oldest first.
create index outbox_event_dispatched on outbox_event (dispatched_at) where dispatched_at is not null;
create index job_finished on job (finished_at) where finished_at is not null;
create index event_age on event (created_at);
create index idempotency_age on idempotency (created_at);
create index session_seen on session (seen_at);
create index sign_in_link_expiry on sign_in_link (expires_at);

-- What is looked for where there are a million rows.
create index application_order on application (order_id);
create index customer_order_organization on customer_order (organization_id);
create index customer_order_state on customer_order (state, created_at desc);
create index promo_redemption_order on promo_redemption (order_id);
create index promo_redemption_account on promo_redemption (account_id);
create index promo_redemption_newest_of_all on promo_redemption (created_at desc);
create index organization_newest on organization (created_at desc);
