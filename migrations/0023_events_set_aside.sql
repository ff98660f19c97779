-- An event of a known topic that cannot be read is set aside for a while, with why, so that it holds up none behind it.
alter table outbox_event add problem text, add set_aside_until timestamptz,
    add constraint outbox_event_problem_length check (length(problem) <= 500);
