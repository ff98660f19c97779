-- What every later file relies on: the application's role and the updated_at trigger.
--
-- Two roles. The owner runs migrations and owns every table. The application connects, or switches
-- by `set role`, to catalyst_app, which may do only what is granted here and revoked later.
-- Roles belong to the whole cluster, so a second database on it finds the role already there.

do $$
begin
    if not exists (select from pg_roles where rolname = 'catalyst_app') then
        create role catalyst_app nologin;
    end if;
exception
    when duplicate_object or unique_violation then null;
end
$$;

do $$
begin
    if not pg_has_role(current_user, 'catalyst_app', 'member') then
        execute format('grant catalyst_app to %I', current_user);
    end if;
end
$$;

grant usage on schema public to catalyst_app;
alter default privileges in schema public grant select, insert, update, delete on tables to catalyst_app;
alter default privileges in schema public grant usage on sequences to catalyst_app;

create function set_updated_at() returns trigger language plpgsql as $$
begin
    new.updated_at = now();
    return new;
end
$$;
