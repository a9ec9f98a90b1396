"""What comes out? Fits, their covariance, residuals, influence and scores."""
