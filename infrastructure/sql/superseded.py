"""The condition that a stored result is superseded, for the statements that read results."""

from models.api_key import SHARED_ORG

# Prices of an organization's own upload are not those that a fetch replaces. The text within a JSON string would have its quotes escaped.
OF_SHARED_PRICES = """r.body NOT LIKE '%"provider":"upload"%'"""
# Of the latest result `r` of a row `l` of latest_results, beside the last fetch `f`; null where nothing was fetched.
LATEST_SUPERSEDED = f"(f.replaced_at > l.analysed_at AND {OF_SHARED_PRICES})"
# Of any result `r` of analysis_results: the history that it was computed from was replaced as one since. Of a latest result the newest
# analysis counts that led to it, which may be later than the first.
SUPERSEDED = f"""COALESCE((
        SELECT sf.replaced_at > COALESCE(sl.analysed_at, r.created_at) AND {OF_SHARED_PRICES}
        FROM series_fetches AS sf
        LEFT JOIN latest_results AS sl
            ON sl.org_id = r.org_id AND sl.ticker = r.ticker AND sl.strategy = r.strategy AND sl.result_id = r.id
        WHERE sf.org_id = {SHARED_ORG} AND sf.ticker = r.ticker AND sf.replaced_at > r.created_at
    ), FALSE)"""
