"""Backups of data stores, asked for before something is done to them on purpose.

A backup is named by its token, so asking twice makes one. RDS: documented, not observed.
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html
"""

import time

from sealift.aws.failures import calling
from sealift.aws.lagging import Pause, repeated
from sealift.aws.session import AwsSession
from sealift.errors import CloudError
from sealift.model.stack import Backup

TABLE = "AWS::DynamoDB::Table"
INSTANCE = "AWS::RDS::DBInstance"


class AwsBackups:
    """On-demand backups in one account and region."""

    def __init__(self, session: AwsSession, *, pause: Pause = time) -> None:
        self._session = session
        self._pause = pause

    def begin(self, kind: str, name: str, *, token: str) -> Backup | None:
        match kind:
            case "AWS::DynamoDB::Table":
                return Backup(kind=kind, store=name, id=self._table(name, token))
            case "AWS::RDS::DBInstance" | "AWS::RDS::DBCluster":
                return Backup(kind=kind, store=name, id=self._snapshot(kind, name, token))
            case _:
                return None

    def ready(self, backup: Backup) -> bool:
        status = repeated(lambda: self._status(backup), codes=("not-found",), pause=self._pause)
        if status.upper() in {"AVAILABLE", "CREATING"}:
            return status.upper() == "AVAILABLE"
        raise CloudError(f"The backup {backup.id} of {backup.store} is {status}", code="backup-failed")

    def _table(self, table: str, token: str) -> str:
        with calling(f"back up table {table}"):
            known = self._session.dynamodb.list_backups(TableName=table, BackupType="USER")["BackupSummaries"]
            made = next((b["BackupArn"] for b in known if b["BackupName"] == token), None)
            return (
                made
                or self._session.dynamodb.create_backup(TableName=table, BackupName=token)["BackupDetails"]["BackupArn"]
            )

    def _snapshot(self, kind: str, name: str, token: str) -> str:
        identifier = token.lower()
        with calling(f"take a snapshot of {name}", accepted=("already-exists",)):
            if kind == INSTANCE:
                self._session.rds.create_db_snapshot(DBSnapshotIdentifier=identifier, DBInstanceIdentifier=name)
            else:
                self._session.rds.create_db_cluster_snapshot(
                    DBClusterSnapshotIdentifier=identifier, DBClusterIdentifier=name
                )
        return identifier

    def _status(self, backup: Backup) -> str:
        with calling(f"look at the backup of {backup.store}"):
            if backup.kind == TABLE:
                described = self._session.dynamodb.describe_backup(BackupArn=backup.id)
                return described["BackupDescription"]["BackupDetails"]["BackupStatus"]
            if backup.kind == INSTANCE:
                shots = self._session.rds.describe_db_snapshots(DBSnapshotIdentifier=backup.id)["DBSnapshots"]
            else:
                answer = self._session.rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=backup.id)
                shots = answer["DBClusterSnapshots"]
            return str(shots[0]["Status"])
