-- Wakes only the readers of that Organization.
create function notify_organization() returns trigger language plpgsql as $$
begin
    perform pg_notify('catalyst', 'organization:' || new.organization_id);
    return null;
end
$$;
drop trigger organization_event_wakes on organization_event;
create trigger organization_event_wakes after insert on organization_event for each row execute function notify_organization();

-- Whoever reads on is asked again who they are. Committed before a later event, and so heard before it.
create trigger session_end_wakes after delete on session for each statement execute function notify_topic('access');
create trigger member_change_wakes after update or delete on organization_member for each statement execute function notify_topic('access');
create trigger role_change_wakes after update of role on account for each statement execute function notify_topic('access');
