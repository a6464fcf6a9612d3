"""From a site to the orders of its workers: which cameras share a process, and what each worker is told."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from passerby.site.addresses import TLS_SCHEMES, has_public_name, is_playlist, scheme_of
from passerby.site.orders import CameraOrder, Configure, LineOrder, ZoneOrder
from passerby.site.problem import Problem, site_error
from passerby.site.secrets import Secrets
from passerby.site.settings import Camera, Site

WORKER_BYTES: Final = 2 * 2**30
CAMERA_BYTES: Final = 2**30
"""Bounds of memory, not needs: address space of threads and of decoders counts, whether it is used or not."""


def orders(site: Site, models_folder: Path, *, environ: Mapping[str, str] | None = None, processors: int | None = None) -> tuple[Configure, ...]:
    """What each worker is told, the secrets among it. Equal sites with equal secrets give equal orders.

    Args:
        site: The site.
        models_folder: The cache folder with the detector's weights.
        environ: Where `${NAME}` is looked up; None = the process's own environment.
        processors: Cores to spread the cameras over; None = those of this machine that the process may use.

    Raises:
        SiteError: A secret is missing; all that are missing are told.
    """
    addresses, problems = addresses_of(site, environ)
    if problems:
        raise site_error("site.toml", problems)
    shares = spread([camera.id for camera in site.cameras], site, processors)
    return tuple(_configure(site, [site.camera(camera_id) for camera_id in share], addresses, models_folder) for share in shares)


def pushes(site: Site, *, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Where cameras' streams are sent, by id, with the secrets.

    Raises:
        SiteError: A secret is missing; all that are missing are told.
    """
    secrets = Secrets(os.environ if environ is None else environ)
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for index, camera in enumerate(site.cameras):
        address, missing = secrets.push(camera, f"camera[{index}]")
        problems += missing
        if address is not None:
            found[camera.id] = address
    if problems:
        raise site_error("site.toml", tuple(problems))
    return found


def addresses_of(site: Site, environ: Mapping[str, str] | None = None) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """Each camera's address with its secrets, by id, and the problems of those whose secrets are missing."""
    secrets = Secrets(os.environ if environ is None else environ)
    addresses: dict[str, str] = {}
    problems: list[Problem] = []
    for index, camera in enumerate(site.cameras):
        addresses[camera.id], found = secrets.address(camera, f"camera[{index}]", site.folder)
        problems += found
    return addresses, tuple(problems)


def spread(cameras: Sequence[str], site: Site, processors: int | None = None) -> list[tuple[str, ...]]:
    """The cameras of each worker.

    A camera that is added at the end of the file changes one worker's share while the number of workers stays: at a reload the others go on.
    """
    most = site.place.cameras_per_worker
    if most is not None:
        return [tuple(cameras[start : start + most]) for start in range(0, len(cameras), most)]
    workers = min(len(cameras), site.place.workers or processors or _processors())
    return [tuple(cameras[worker::workers]) for worker in range(workers)]


def order_of(camera: Camera, address: str) -> CameraOrder:
    """What a worker is told of one camera."""
    return CameraOrder(
        camera=camera.id,
        source=address,
        loop=camera.loop,
        settle_s=camera.settle_s,
        absorb_s=camera.absorb_s,
        min_person_px=camera.min_person_px,
        level=int(camera.level),
        fps_limit=camera.fps_limit,
        never=camera.never,
        ground=camera.ground,
        transport=camera.transport,
        verify=verifies(camera, address),
        certificate=camera.tls_certificate,
        hardware_decode=camera.hardware_decode,
        first_byte_s=camera.first_byte_s,
        stall_s=camera.stall_s,
    )


def measured(order: CameraOrder, site: Site) -> CameraOrder:
    """The order with the camera's zones and lines."""
    zones = tuple(ZoneOrder(zone.id, zone.polygon, zone.kind) for zone in site.zones if zone.camera == order.camera)
    lines = tuple(LineOrder(line.id, *line.points) for line in site.lines if line.camera == order.camera)
    return msgspec.structs.replace(order, zones=zones, lines=lines)


def verifies(camera: Camera, address: str) -> bool:
    """Whether the camera's TLS certificate is verified; `address` is its whole one. An HLS playlist's is not unless somebody says so."""
    if camera.tls != "auto" or scheme_of(address) not in TLS_SCHEMES:
        return camera.tls == "verify"
    return camera.tls_certificate is not None or (has_public_name(address) and not is_playlist(address))


def _configure(site: Site, cameras: Sequence[Camera], addresses: Mapping[str, str], models_folder: Path) -> Configure:
    return Configure(
        cameras=tuple(measured(order_of(camera, addresses[camera.id]), site) for camera in cameras),
        models_folder=models_folder,
        manifest=site.detector.manifest,
        detector=site.detector.name,
        device=site.detector.device,
        memory_limit_bytes=site.place.worker_memory_bytes or WORKER_BYTES + len(cameras) * CAMERA_BYTES,
    )


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
