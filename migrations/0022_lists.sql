-- Long lists are read a page at a time, from the last row that was seen: by when it was made, and by its id among those
-- of one moment. Each index is that order, so that a page costs the same wherever it is and however many there are.

drop index customer_order_newest;
create index customer_order_newest on customer_order (created_at desc, order_id desc);
drop index customer_order_state;
create index customer_order_state on customer_order (state, created_at desc, order_id desc);
drop index organization_newest;
create index organization_newest on organization (created_at desc, organization_id desc);
drop index promo_redemption_newest_of_all;
create index promo_redemption_newest_of_all on promo_redemption (created_at desc, promo_redemption_id desc);
drop index ledger_entry_account;
create index ledger_entry_account on ledger_entry (ledger_account_id, created_at desc, ledger_entry_id desc);
drop index organization_member_account;
create index organization_member_account on organization_member (account_id, created_at desc, organization_id desc);
create index promo_code_newest on promo_code (created_at desc, promo_code_id desc) where deleted_at is null;

-- What was given up is counted without a look at all that went well.
create index job_failed on job (finished_at) where state = 'failed';
