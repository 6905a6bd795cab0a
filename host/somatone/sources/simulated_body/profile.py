"""Who is simulated: the numbers that make one body differ from another, and a few named bodies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BodyProfile:
    """Physiological and sensor parameters. Ranges at rest after Task Force 1996 (heart), Boucsein 2012 (skin)."""

    heart_bpm: float = 68.0
    heart_drift_bpm: float = 4.0  # slow wandering of the mean
    rsa: float = 0.04  # respiratory sinus arrhythmia, share of the interval
    mayer: float = 0.02  # the 0.1 Hz wave of the interval
    beat_jitter: float = 0.01  # random part of each interval
    breath_hz: float = 0.25

    perfusion: float = 0.010  # pulsatile share of the reflected light; 0.001 is a cold hand
    breath_amplitude: float = 0.10  # respiration in the pulse's height
    wander: float = 0.25  # respiration and slow drift of the baseline, in pulse heights
    pulse_noise: float = 0.01  # white, standard deviation in pulse heights
    artefact: float = 1.0  # gain of movement into the pulse; 0 switches it off

    tonic_nsiemens: float = 2000.0
    tonic_drift: float = 0.15  # slow wandering, share of the tonic level
    responses_per_min: float = 5.0
    response_nsiemens: float = 150.0  # median amplitude
    skin_noise_nsiemens: float = 1.0

    skin_centi: float = 3250.0
    skin_drift_centi: float = 40.0
    room_centi: float = 2250.0

    bouts_per_min: float = 1.0
    bout_s: float = 5.0  # mean length
    bout_g: float = 0.25  # median intensity
    rest_mg: float = 3.0  # sensor noise and tremor

    worn_at_start: bool = True
    visit_s: float = 0.0  # mean length of a visit; 0: nobody comes or goes by itself
    away_s: float = 60.0
    history_s: float = 7200.0  # truth older than this is forgotten, so that months of running need no memory


CALM = BodyProfile(bouts_per_min=0.3, responses_per_min=2.0, response_nsiemens=80.0)
LIVELY = BodyProfile(heart_bpm=84.0, bouts_per_min=3.0, responses_per_min=9.0, response_nsiemens=250.0)
CLEAN = BodyProfile(bouts_per_min=0.0, artefact=0.0)  # for scoring rules without artefacts
NOISY = BodyProfile(bouts_per_min=0.0, artefact=0.0, pulse_noise=0.075, wander=0.6, skin_noise_nsiemens=4.0)
VISITORS = BodyProfile(visit_s=180.0, away_s=30.0, worn_at_start=False)
