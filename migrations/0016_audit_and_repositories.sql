-- Who did something says how they came in: by a session, by which token, at the command line; from where, and in
-- which request. Null: written before this was noted.

alter table audit_event
    add column via text,
    add column api_token_id uuid references api_token on delete set null,
    add column ip text,
    add column request_id uuid,
    add constraint audit_event_via_known check (via in ('session', 'token', 'operator')),
    add constraint audit_event_ip_length check (length(ip) <= 100);
update audit_event set via = 'operator' where actor_id is null;

-- A repository is a provider, an owner and a name; what its address is, the provider knows.
alter table application
    add column repository_provider text,
    add column repository_owner text,
    add column repository_name text;
update application set
    repository_provider = 'local',
    repository_owner = split_part(repository, '/', 1),
    repository_name = regexp_replace(split_part(repository, '/', 2), '\.git$', '')
where repository is not null;
alter table application drop constraint application_committed_has_commit;
alter table application drop column repository;
alter table application
    add constraint application_repository_whole check (
        num_nulls(repository_provider, repository_owner, repository_name) in (0, 3)),
    add constraint application_committed_has_commit check (
        state <> 'committed' or (repository_provider is not null and commit_id is not null));
