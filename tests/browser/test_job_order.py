"""A page never shows an older version of a job after a newer one, in whatever order events and responses arrive."""

from __future__ import annotations

from typing import Any

import pytest
from kit.browser import Open, settled

# Replaces the network: the test sends the events of each stream, and each API request is recorded and answered.
NETWORK = """
  window.sources = []; window.asked = []; window.answers = [];
  window.EventSource = class {
    constructor() { this.heard = {}; this.readyState = 1; sources.push(this); }
    addEventListener(name, listener) { this.heard[name] = listener; }
    close() { this.readyState = 2; }
    tell(job) { this.heard.job({ data: JSON.stringify(job) }); }
    refuse() { this.readyState = 2; this.heard.error(); }
  };
  window.EventSource.CLOSED = 2;
  window.fetch = async (url) => {
    asked.push(url);
    return Response.json(answers.length > 1 ? answers.shift() : answers[0]);
  };
  const still = { id: "a", kind: "bulk_analysis", params: { strategy: "balanced" }, total: 9, succeeded: 0, failed: 0 };
  window.job = (version, status = "processing") => ({ ...still, version, status });
  window.modules = document.querySelector('script[src*="/js/shell.js"]').src.replace("shell.js", "");
"""


@pytest.fixture
def page(open_page: Open) -> Any:
    page = open_page("/screener")
    settled(page)  # the page's own requests have ended
    page.evaluate(f"() => {{ {NETWORK} }}")
    return page


@pytest.mark.parametrize(
    ("arriving", "shown"),
    [
        pytest.param("job(4), job(3), job(5)", [4, 5], id="an older version in between"),
        pytest.param("job(4), job(4), job(5)", [4, 4, 5], id="the same version twice"),
        pytest.param("job(2), job(1)", [], id="older than the first"),
        pytest.param("job(6, 'cancelled'), job(5), job(4)", [6], id="older versions after the end"),
        pytest.param("job(6, 'completed'), job(5, 'processing'), job(6, 'completed')", [6], id="the end twice, an older version between"),
    ],
)
def test_what_arrives_late_is_not_shown(page: Any, arriving: str, shown: list[int]) -> None:
    script = f"""async () => {{
      const {{ LiveJobs }} = await import(`${{modules}}tasks/live.js`);
      const shown = [];
      const live = new LiveJobs((latest) => shown.push(latest.version));
      live.follow([job(3)]);
      for (const latest of [{arriving}]) live.take(latest);
      live.stop();
      return shown;
    }}"""
    assert page.evaluate(script) == shown


def test_a_page_of_the_list_that_is_older_does_not_follow_a_job_that_has_ended(page: Any) -> None:
    script = """async () => {
      const { LiveJobs } = await import(`${modules}tasks/live.js`);
      const live = new LiveJobs(() => {});
      live.follow([job(3)]);
      live.take(job(6, "completed"));
      live.follow([job(5)]);
      return sources.length;
    }"""
    assert page.evaluate(script) == 1


def test_polls_say_which_version_is_known_and_the_highest_stays(page: Any) -> None:
    """The stream breaks after version 4. An older version of the job, which old code may send during a deploy, is not shown."""
    script = """async () => {
      const { watchJob } = await import(`${modules}job-watch.js`);
      const shown = [];
      answers = [job(3), job(7, "completed")];
      const ended = new Promise((resolve) => {
        watchJob("a", (latest) => { shown.push(latest.version); if (latest.status === "completed") resolve(); });
      });
      sources[0].tell(job(2));
      sources[0].tell(job(4));
      sources[0].refuse();
      await ended;
      return [shown, asked];
    }"""
    shown, asked = page.evaluate(script)
    assert shown == [2, 4, 7]
    assert [url for url in asked if "/jobs/" in url] == ["/api/v1/jobs/a?seen=4"] * 2


def test_a_first_poll_without_a_stream_is_of_the_job_as_it_is_now(page: Any) -> None:
    script = """async () => {
      const { watchJob } = await import(`${modules}job-watch.js`);
      answers = [job(7, "completed")];
      const ended = new Promise((resolve) => watchJob("a", resolve));
      sources[0].refuse();
      await ended;
      return asked;
    }"""
    assert page.evaluate(script) == ["/api/v1/jobs/a"]
