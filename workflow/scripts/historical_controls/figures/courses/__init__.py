"""What did patients do over time? Trajectories, profiles, swimmer plot, incidence."""
