"""The job contracts by topic; taken from socialboost/jobs.py, which has them all and says the rules."""
