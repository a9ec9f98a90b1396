"""What may the config say of eligibility, time zero and derived outcomes?"""
