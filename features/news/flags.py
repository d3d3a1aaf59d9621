"""The feature flags of news."""

from models.feature_flag import Flag

NEWS = Flag("news", "Reading feeds and adding some. What is stored stays readable.")
