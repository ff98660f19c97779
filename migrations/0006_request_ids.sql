-- The request that something began with, so that the log of a job can be found from the answer that a person
-- got (X-Request-Id). Null: nobody asked, as with a command or an older version.

alter table outbox_event add column request_id uuid;
alter table job add column request_id uuid;
