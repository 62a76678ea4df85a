"""Builds: what the worker does to have the images of an application.

``orders`` says what is to be built, ``making`` has it built, ``fetching`` brings what is only
named, ``running`` carries out a build that a person asked for, ``log`` keeps what is said.
"""
