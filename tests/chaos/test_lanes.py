"""The network lane: its keys delay no analysis, run in threads of one process, and run again after that process is killed."""

from __future__ import annotations

import psutil
from kit.chaos import (
    TICKERS,
    WORKER_OF_TRIALS,
    Site,
    is_active,
    is_alive,
    item_rows,
    job_row,
    kill,
    queue_analyses,
    queue_job,
    wait_until_gone,
    wait_until_right,
)
from kit.servers import wait_until

from models.job import Lane

THREADS = 4
FEW = TICKERS[:12]


def network_worker(site: Site) -> psutil.Process:
    (worker,) = wait_until(lambda: site.processes("--process", "network"))
    return worker


def in_hand(job_id: str) -> int:
    return len({row["claim_token"] for row in item_rows(job_id) if row["status"] == "processing"})


def test_hanging_keys_in_every_network_thread_delay_no_analysis(site: Site) -> None:
    hanging = queue_job(FEW, lane=Lane.NETWORK, deeds=dict.fromkeys(FEW, "hang"))
    site.start(WORKER_OF_TRIALS, LOCAL_WORKERS="1", NETWORK_THREADS=str(THREADS))
    wait_until(lambda: in_hand(hanging) == THREADS)
    analyses = queue_analyses(TICKERS[:60])
    wait_until_right(analyses, site, TICKERS[:60], tries=1)
    assert (job_row(hanging)["status"], in_hand(hanging)) == ("processing", THREADS)
    assert {row["status"] for row in item_rows(hanging)} == {"processing", "queued"}


def test_threads_of_one_process_run_keys_side_by_side_and_give_back_what_they_hold(site: Site) -> None:
    job_id = queue_job(FEW, 0.5, lane=Lane.NETWORK)
    first = site.start(WORKER_OF_TRIALS, LOCAL_WORKERS="1", NETWORK_THREADS=str(THREADS))
    wait_until(lambda: in_hand(job_id) == THREADS)
    assert {row["worker"] for row in item_rows(job_id) if row["worker"]} == {network_worker(site).cmdline()[-1]}
    site.stop(first)
    assert is_active(job_id)
    assert {(row["status"], row["tries"]) for row in item_rows(job_id)} == {("succeeded", 1), ("queued", 0)}
    site.start(WORKER_OF_TRIALS, LOCAL_WORKERS="1", NETWORK_THREADS=str(THREADS))
    wait_until_right(job_id, site, FEW, tries=1)
    site.stop()
    assert "Traceback" not in site.log()


def test_the_process_of_the_network_lane_is_killed(site: Site) -> None:
    """Items that its threads had claimed run again in isolated processes; the other items run as usual."""
    job_id = queue_job(FEW, 0.5, lane=Lane.NETWORK)
    site.start(WORKER_OF_TRIALS, LOCAL_WORKERS="1", NETWORK_THREADS=str(THREADS))
    for _ in range(2):
        wait_until(lambda: in_hand(job_id) > 1)
        worker = network_worker(site)
        kill(worker)
        wait_until_gone([worker])
        assert is_active(job_id)
    wait_until_right(job_id, site, FEW)
    assert max(row["tries"] for row in item_rows(job_id)) > 1
    assert all(is_alive(process) for process in site.workers())
    site.stop()
    assert "Traceback" not in site.log()


def test_without_local_workers_nobody_runs_the_network_lane(site: Site) -> None:
    queue_job(FEW, lane=Lane.NETWORK)
    server = site.start(WORKER_OF_TRIALS, LOCAL_WORKERS="0")
    wait_until(lambda: "workers started" in server.log)
    site.stop()
    assert "child started" not in server.log
