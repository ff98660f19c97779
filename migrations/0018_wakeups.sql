-- A commit with a notification takes one lock of the whole cluster while it is made durable, so that orders were
-- committed one after another. Whoever writes jobs or events now wakes the workers after the commit, and workers look
-- by themselves now and then.

drop trigger job_wakes on job;
drop trigger outbox_wakes on outbox_event;

-- What changed nothing wakes nobody: sessions are swept every hour.
create function notify_access_of_changed() returns trigger language plpgsql as $$
begin
    if exists (select from changed) then
        perform pg_notify('catalyst', 'access');
    end if;
    return null;
end
$$;
drop trigger session_end_wakes on session;
create trigger session_end_wakes after delete on session referencing old table as changed
    for each statement execute function notify_access_of_changed();
drop trigger member_change_wakes on organization_member;
create trigger member_update_wakes after update on organization_member referencing new table as changed
    for each statement execute function notify_access_of_changed();
create trigger member_delete_wakes after delete on organization_member referencing old table as changed
    for each statement execute function notify_access_of_changed();
drop trigger role_change_wakes on account;
create trigger role_change_wakes after update of role on account
    for each row when (old.role is distinct from new.role) execute function notify_topic('access');

-- Counters of limits need no durable commit: after a crash of the database they begin anew.
alter table rate_limit set unlogged;
