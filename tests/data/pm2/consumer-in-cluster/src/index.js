const express = require('express')
const mqtt = require('mqtt')
mqtt.connect().publish('a', 'b')
