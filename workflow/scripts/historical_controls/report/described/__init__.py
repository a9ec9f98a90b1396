"""What can be said of treated patients whom nobody is compared with?"""
