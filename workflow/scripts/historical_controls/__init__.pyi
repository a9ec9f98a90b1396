from .retrieval.study_results import open_results as open_results

__all__ = ["open_results"]
