-- A subscription has a period, a month from its order, and says by itself what it is made of.

alter table subscription add column period_start timestamptz, add column period_end timestamptz;
update subscription set period_start = created_at, period_end = created_at + interval '1 month';
alter table subscription alter column period_start set not null, alter column period_end set not null;
alter table subscription add constraint subscription_period check (period_start < period_end);

create table subscription_line (
    subscription_id uuid not null references subscription on delete cascade,
    position integer not null,
    kind text not null,
    slug text not null,
    name jsonb not null,
    amount_minor bigint not null,
    currency char(3) not null,
    primary key (subscription_id, position),
    constraint subscription_line_kind_known check (kind in ('plan', 'app', 'addon', 'discount')),
    constraint subscription_line_currency_form check (currency ~ '^[A-Z]{3}$')
);
insert into subscription_line (subscription_id, position, kind, slug, name, amount_minor, currency)
select subscription_id, position, kind, slug, name, amount_minor, currency
from subscription join order_line using (order_id);
