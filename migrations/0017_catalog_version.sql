-- How often the catalog was changed: whoever has it in memory asks for this number instead of for all of it.
-- A statement that changed no row is no change: the seed runs at each start, and mostly changes nothing.

create table catalog_version (
    only_one boolean primary key default true,
    version bigint not null,
    constraint catalog_version_only_one check (only_one)
);
insert into catalog_version (version) values (1);
revoke insert, delete on catalog_version from catalyst_app;

create function note_catalog_change() returns trigger language plpgsql as $$
begin
    if exists (select from changed) then
        update catalog_version set version = version + 1;
        perform pg_notify('catalyst', 'catalog');
    end if;
    return null;
end
$$;
create function note_catalog_truncation() returns trigger language plpgsql as $$
begin
    update catalog_version set version = version + 1;
    perform pg_notify('catalyst', 'catalog');
    return null;
end
$$;

-- One trigger an event: PostgreSQL gives the changed rows to no other.
do $$
declare
    name text;
begin
    foreach name in array array['category', 'plan', 'app', 'app_dependency', 'addon', 'bundle', 'industry'] loop
        execute format('drop trigger %I on %I', name || '_wakes', name);
        execute format('create trigger %I after insert on %I referencing new table as changed
            for each statement execute function note_catalog_change()', name || '_inserted', name);
        execute format('create trigger %I after update on %I referencing new table as changed
            for each statement execute function note_catalog_change()', name || '_updated', name);
        execute format('create trigger %I after delete on %I referencing old table as changed
            for each statement execute function note_catalog_change()', name || '_deleted', name);
        execute format('create trigger %I after truncate on %I
            for each statement execute function note_catalog_truncation()', name || '_truncated', name);
    end loop;
end
$$;
