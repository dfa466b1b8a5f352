"""Adam in one pass over each weight: the numbers of Keras' Adam in a fraction of its time."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="attnrec_lite")
class FusedAdam(keras.optimizers.Adam):
    """``keras.optimizers.Adam``, each weight updated by one fused operation.

    Keras writes a step as a dozen operations, each of which reads and writes whole arrays; here
    TensorFlow's ``ResourceApplyAdam`` does it in one. Everything else is inherited: arguments,
    saved state, clipping, weight decay, mixed precision, distribution. With ``amsgrad`` it is
    Keras' own step.

    A gradient of gathered rows is made dense first, as Keras does: Adam moves rows that were not
    gathered too, by what their momentum still holds, and leaving that out would be another
    optimizer.

    >>> weight = keras.Variable([1.0, 2.0])
    >>> FusedAdam(0.1).apply([tf.constant([1.0, -1.0])], [weight])
    >>> weight.numpy().round(3)
    array([0.9, 2.1], dtype=float32)
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Move one weight and its two moments."""
        if self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        dtype, place = variable.dtype, self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, dtype)
        beta_1, beta_2 = tf.constant(self.beta_1, dtype), tf.constant(self.beta_2, dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].value.handle,
            v=self._velocities[place].value.handle,
            beta1_power=tf.pow(beta_1, step),
            beta2_power=tf.pow(beta_2, step),
            lr=tf.cast(learning_rate, dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.constant(self.epsilon, dtype),
            grad=tf.cast(tf.convert_to_tensor(gradient), dtype),
            use_locking=True,
        )
