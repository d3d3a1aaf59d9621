"""Rules that watch verdicts, prices, records, jobs and schedules, and the inbox of what they told."""
