"""The catalogue: worked applets for services that municipalities run; each module is one applet."""
