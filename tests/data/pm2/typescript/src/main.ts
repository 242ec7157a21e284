import { connect } from 'mqtt'
connect('mqtt://localhost').subscribe('a/b')
