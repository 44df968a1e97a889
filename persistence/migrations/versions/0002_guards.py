"""The last line: what the database itself refuses, whoever asks."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_log", "ledger_entries", "ledger_postings")


def upgrade() -> None:
    op.execute(
        """
        create function refuse_change() returns trigger language plpgsql as $$
        begin
            raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'restrict_violation';
        end $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger append_only before update or delete on {table} for each row execute function refuse_change()"
        )
        op.execute(f"create trigger never_emptied before truncate on {table} execute function refuse_change()")
    op.execute(
        """
        create function refuse_unbalanced() returns trigger language plpgsql as $$
        declare
            off bigint;
        begin
            select coalesce(sum(amount_minor), 0) into off from ledger_postings where entry_seq = new.entry_seq;
            if off <> 0 then
                raise exception 'ledger entry % is off by %', new.entry_seq, off using errcode = 'check_violation';
            end if;
            return null;
        end $$
        """
    )
    op.execute(
        """
        create constraint trigger balanced after insert on ledger_postings
        deferrable initially deferred for each row execute function refuse_unbalanced()
        """
    )
    op.execute("create table inbound_events_rest partition of inbound_events default")
