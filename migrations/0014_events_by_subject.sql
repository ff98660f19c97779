-- What happened, by what it happened to: an Organization, an order, later a deployment. Ids go on where they were,
-- so that whoever watches an Organization misses nothing.

alter table organization_event rename to event;
alter table event rename column organization_event_id to event_id;
alter table event rename column organization_id to subject_id;
alter sequence organization_event_organization_event_id_seq rename to event_event_id_seq;
alter table event rename constraint organization_event_pkey to event_pkey;
-- Subjects are in several tables.
alter table event drop constraint organization_event_organization_id_fkey;
alter table event add column subject_kind text not null default 'organization';
alter table event alter column subject_kind drop default;
alter table event add constraint event_subject_known check (subject_kind in ('organization', 'order'));
drop index organization_event_stream;
create index event_stream on event (subject_kind, subject_id, event_id);

drop trigger organization_event_wakes on event;
drop function notify_organization();
create function notify_subject() returns trigger language plpgsql as $$
begin
    perform pg_notify('catalyst', new.subject_kind || ':' || new.subject_id);
    return null;
end
$$;
create trigger event_wakes after insert on event for each row execute function notify_subject();

-- How often a job is tried is its kind's business.
alter table job drop column max_attempts;
