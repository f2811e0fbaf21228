"""The DICOM node: images come in from a PACS, results go back; and a PACS is asked for earlier images."""

from typing import TYPE_CHECKING

from core.door import open_door

if TYPE_CHECKING:
    from core.dicom_node.association import associate
    from core.dicom_node.given_up import retry_given_up
    from core.dicom_node.node import run_node
    from core.dicom_node.outbox import Outbox
    from core.dicom_node.priors import Prior, earlier_image, priors_server
    from core.dicom_node.queue import ImageQueue
    from core.dicom_node.queue_files import node_folder
    from core.dicom_node.readings import queue_reading, readings_wanted, recall_reading
    from core.dicom_node.remote import Receiver, RemoteAE, RemoteWeb
    from core.dicom_node.rules import NodeRules, read_rules, rules_path
    from core.dicom_node.settings import DEFAULT_RESULTS, NodeSettings, ScpSettings
    from core.dicom_node.status import NodeStatus, node_errors, node_latencies, node_status
    from core.dicom_node.tls import tls_context

__all__ = [
    "DEFAULT_RESULTS",
    "ImageQueue",
    "NodeRules",
    "NodeSettings",
    "NodeStatus",
    "Outbox",
    "Prior",
    "Receiver",
    "RemoteAE",
    "RemoteWeb",
    "ScpSettings",
    "associate",
    "earlier_image",
    "node_errors",
    "node_folder",
    "node_latencies",
    "node_status",
    "priors_server",
    "queue_reading",
    "read_rules",
    "readings_wanted",
    "recall_reading",
    "retry_given_up",
    "rules_path",
    "run_node",
    "tls_context",
]

open_door(__name__)
