-- The same rules of the books, at less cost for each booking.

-- An entry in another currency than its account's: a key of both columns instead of a look by a trigger.
drop trigger ledger_entry_currency on ledger_entry;
drop function check_ledger_entry_currency();
alter table ledger_account add constraint ledger_account_currency_key unique (ledger_account_id, currency);
alter table ledger_entry drop constraint ledger_entry_ledger_account_id_fkey;
alter table ledger_entry add constraint ledger_entry_currency foreign key (ledger_account_id, currency)
    references ledger_account (ledger_account_id, currency) on delete restrict;

-- The sum is checked once a transaction, at its commit. An entry that comes later, in another commit, is refused.
drop trigger ledger_entry_balanced on ledger_entry;
create function refuse_late_entries() returns trigger language plpgsql as $$
begin
    if exists (select from added join ledger_transaction using (ledger_transaction_id)
               where ledger_transaction.created_at <> now()) then
        raise exception 'a booked ledger transaction takes no more entries'
            using errcode = 'check_violation', constraint = 'ledger_sums_to_zero';
    end if;
    return null;
end
$$;
create trigger ledger_entry_in_time after insert on ledger_entry referencing new table as added
    for each statement execute function refuse_late_entries();
