"""A ledger entry is written as a whole: it says how many postings it has, balances per currency, and is then closed.

The count is what closes it. A comparison of transaction ids would do the same only until the record is restored
elsewhere, where they begin anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _count_postings()
    op.execute("drop trigger balanced on ledger_postings")
    op.execute("drop function refuse_unbalanced()")
    op.execute(
        """
        create function refuse_unless_whole() returns trigger language plpgsql as $$
        declare
            found bigint;
            off text;
        begin
            select count(*) into found from ledger_postings where entry_seq = new.seq;
            if found <> new.posting_count then
                raise exception 'ledger entry % has % of its % postings', new.seq, found, new.posting_count
                    using errcode = 'check_violation';
            end if;
            select sum(amount_minor) || ' ' || currency into off from ledger_postings
                where entry_seq = new.seq group by currency having sum(amount_minor) <> 0 order by currency limit 1;
            if off is not null then
                raise exception 'ledger entry % is off by %', new.seq, off using errcode = 'check_violation';
            end if;
            return null;
        end $$
        """
    )
    op.execute(
        """
        create constraint trigger whole after insert on ledger_entries
        deferrable initially deferred for each row execute function refuse_unless_whole()
        """
    )
    op.execute(
        """
        create function refuse_further() returns trigger language plpgsql as $$
        begin
            if (select count(*) from ledger_postings where entry_seq = new.entry_seq)
                > (select posting_count from ledger_entries where seq = new.entry_seq) then
                raise exception 'ledger entry % takes no further posting', new.entry_seq
                    using errcode = 'restrict_violation';
            end if;
            return null;
        end $$
        """
    )
    op.execute(
        "create trigger closed after insert on ledger_postings for each row execute function refuse_further()"
    )


def _count_postings() -> None:
    op.add_column("ledger_entries", sa.Column("posting_count", sa.Integer(), nullable=True))
    op.execute("alter table ledger_entries disable trigger append_only")
    op.execute(
        """
        update ledger_entries e
        set posting_count = (select count(*) from ledger_postings p where p.entry_seq = e.seq)
        """
    )
    op.execute("alter table ledger_entries enable trigger append_only")
    op.alter_column("ledger_entries", "posting_count", nullable=False)
    op.create_check_constraint(op.f("ck_ledger_entries_two_postings_or_more"), "ledger_entries", "posting_count >= 2")
