-- A login that is only the application's has to see whether the tables are those of its program.
-- plpgsql, because what keeps the list makes its table in its own time.
create function applied_migrations() returns setof bigint
language plpgsql stable security definer set search_path = public as $$
begin
    return query select version from _sqlx_migrations where success;
end
$$;
