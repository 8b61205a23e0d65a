// Decorator metadata for Nest, and every internal check switched on (house style 2.3).
import 'reflect-metadata';

process.env.ROCKETMQ_VERIFY = '1';
