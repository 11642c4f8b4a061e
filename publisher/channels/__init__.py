"""The ways out: each channel translates a parcel for one platform and says what its answer means."""
